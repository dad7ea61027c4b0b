import '../../../main/app/uncaught.ts';
import { startApp } from '../../../main/app/start-app.ts';
import { openTestServices } from './services.ts';

startApp(openTestServices);
