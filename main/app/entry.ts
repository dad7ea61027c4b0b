import './uncaught.ts';
import { openServices } from './open-services.ts';
import { startApp } from './start-app.ts';

startApp(openServices);
