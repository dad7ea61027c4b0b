/** The app over a pretended back end: windows, their policy and their pipe are real, what they show is made up. */
import { startApp } from '../../../main/app/start-app.ts';
import { openPretended } from './pretended/services.ts';

startApp(openPretended);
