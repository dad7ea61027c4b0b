import { z } from 'zod';
import { isFailureWords, type FailureWords } from '../failure-words.ts';
import { FAILURE_CODES } from '../result.ts';

/** A question a window asks the main process. What comes back is a `Result` of the answer. */
export interface RequestChannel<Input extends z.ZodType = z.ZodType, Answer extends z.ZodType = z.ZodType> {
  readonly input: Input;
  readonly answer: Answer;
}

export function request<Input extends z.ZodType, Answer extends z.ZodType>(
  input: Input,
  answer: Answer,
): RequestChannel<Input, Answer> {
  return { input, answer };
}

/** News from the main process to every window. Each carries a number that grows by one per channel: a gap means news was missed, and the window asks for a snapshot. */
export interface Push<Payload> {
  readonly sequence: number;
  readonly payload: Payload;
}

/** A failure as it crosses to a window. */
export const failureSchema = z.object({
  code: z.enum(FAILURE_CODES),
  message: z.string(),
  errno: z.string().optional(),
  /** What another version knew words for is said without them. */
  words: z.custom<FailureWords>(isFailureWords).optional().catch(undefined),
  retryAfterMs: z.number().optional(),
});
