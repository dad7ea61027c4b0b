/**
 * What the desktop app needs from the rest of Headwater. The groups of the contract's requests are the services: a
 * request added to the contract is a method missing here, which the compiler tells.
 */
import type {
  CheckedInput,
  PushName,
  PushPayload,
  RequestAnswer,
  RequestName,
} from '../../shared/ipc/contract.ts';
import type { Clock } from '../../shared/clock.ts';
import type { Result } from '../../shared/result.ts';
import type { NotSaved } from '../machines/service/power.ts';
import type { ConsoleBroker } from '../machines/consoles/connection.ts';
import type { Log } from './log.ts';
import type { WindowStateStore } from './windows/window-state.ts';

/** Requests that are answered with nothing but success may return `DONE`. */
export type Answer<Name extends RequestName> = RequestAnswer<Name> extends null ? void : RequestAnswer<Name>;

type Operation<Name extends RequestName> =
  CheckedInput<Name> extends null
    ? () => Promise<Result<Answer<Name>>>
    : (input: CheckedInput<Name>) => Promise<Result<Answer<Name>>>;

/** All requests `prefix.method`, as methods. Inputs have been checked against their schemas. */
type Group<Prefix extends string> = {
  readonly [
    Name in RequestName as Name extends `${Prefix}.${infer Method}` ? Method : never
  ]: Operation<Name>;
};

/** Services by the prefix of the requests that they answer. Windows, and showing folders, are the app's own business. */
export interface ServiceGroups {
  readonly catalog: Group<'catalog'>;
  readonly masters: Group<'masters'>;
  readonly feeds: Group<'feeds'>;
  readonly machines: Omit<Group<'machines'>, 'openConsole'>;
  readonly disks: Omit<Group<'disks'>, 'showInFolder'>;
  readonly activities: Group<'activities'>;
  readonly notices: Group<'notices'>;
  readonly preferences: Group<'preferences'>;
}

const SERVICE_GROUPS: Readonly<Record<keyof ServiceGroups, true>> = {
  catalog: true,
  masters: true,
  feeds: true,
  machines: true,
  disks: true,
  activities: true,
  notices: true,
  preferences: true,
};

export function isServiceGroup(name: string): name is keyof ServiceGroups {
  return Object.hasOwn(SERVICE_GROUPS, name);
}

/** The requests that a service answers. */
export type ServiceRequest = {
  [Prefix in keyof ServiceGroups]: `${Prefix}.${keyof ServiceGroups[Prefix] & string}`;
}[keyof ServiceGroups];

/**
 * Tells every window. `machine.changed` and `disk.changed` may be published as often as things change: windows get the
 * latest state at most four times a second per machine and disk.
 */
export type Publish = <Name extends PushName>(name: Name, payload: PushPayload<Name>) => void;

export interface ServiceContext {
  readonly publish: Publish;
  readonly log: Log;
  readonly clock: Clock;
  /** Where the catalog and, unless the user chose another place, disks lie. Exists. */
  readonly dataFolder: string;
}

export interface AppServices extends ServiceGroups {
  readonly consoles: ConsoleBroker;
  readonly windowStates: WindowStateStore;
  /** Fails where writing a file would harm Headwater's own; asked just before one is replaced. */
  refuseTarget(file: string): Promise<Result<void>>;
  /** How many machines would be cut off if the app ended now. Asked whenever a machine changed. */
  machinesRunning(): number;
  /** Saves the machines that are on and switches them off; answers with those that could not be saved. */
  saveMachines(): Promise<readonly NotSaved[]>;
  /** How many disks stream, or wait for their turn or their source. Asked whenever one changed. */
  streamsRunning(): number;
  /** Powers machines off and writes everything down. Called once, when the app ends. */
  close(): Promise<void>;
}

/** Called once, when Electron is ready and this is the only instance. */
export type OpenServices = (context: ServiceContext) => Promise<Result<AppServices>>;
