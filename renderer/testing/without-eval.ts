import { z } from 'zod';

/** The policy of windows allows no code from strings, which zod would try. Before any schema is made. */
z.config({ jitless: true });
