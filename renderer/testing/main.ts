/** The main window over a pretended main process: to look at screens and to test them. Not part of the product. */
import './install-bridge.ts';

// Not imported statically: the bridge must be there before anything asks for it.
void import('../main.ts');
