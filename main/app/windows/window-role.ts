/** What a window is for; decides what it may ask. */
export type WindowRole = { readonly kind: 'main' } | { readonly kind: 'console'; readonly machineId: string };
