/** What a state means to the user: at rest, well, at work, needs attention, broken. */
export type Tone = 'neutral' | 'good' | 'busy' | 'warn' | 'bad';
