import { request, subscribe } from '../ipc/client.ts';
import { AppState } from './app-state.ts';

export const app = new AppState({ request, subscribe });
