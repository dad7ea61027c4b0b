/** Everything windows show comes from here, and nothing else does. */
export const APP_SCHEME = 'app';
export const APP_HOST = 'headwater';
export const APP_ORIGIN = `${APP_SCHEME}://${APP_HOST}`;
