const CONTROLS = ' ☺☻♥♦♣♠•◘○◙♂♀♪♫☼►◄↕‼¶§▬↨↑↓→←∟↔▲▼';
const UPPER =
  'ÇüéâäàåçêëèïîìÄÅÉæÆôöòûùÿÖÜ¢£¥₧ƒáíóúñÑªº¿⌐¬½¼¡«»░▒▓│┤╡╢╖╕╣║╗╝╜╛┐' +
  '└┴┬├─┼╞╟╚╔╩╦╠═╬╧╨╤╥╙╘╒╓╫╪┘┌█▄▌▐▀αßΓπΣσµτΦΘΩδ∞φε∩≡±≥≤⌠⌡÷≈°∙·√ⁿ²■ ';

/** The character that the standard font of a PC draws for a code of 0 to 255. A guest may load another font. */
export function characterOf(code: number): string {
  if (code < 0x20) return CONTROLS.charAt(code);
  if (code === 0x7f) return '⌂';
  return code < 0x7f ? String.fromCharCode(code) : UPPER.charAt(code - 0x80);
}
