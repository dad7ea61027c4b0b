import './without-eval.ts';
import { pretendedBridge } from './pretended-bridge.ts';
import { scenarioNamed } from './scenarios.ts';

const asked = new URLSearchParams(location.search);
const scenario = scenarioNamed(asked.get('scenario') ?? 'usual', Object.fromEntries(asked));
Object.defineProperty(window, 'headwater', { value: pretendedBridge(scenario) });
