import { ADDRESSES, type NewMaster } from '../../shared/ipc/catalog.ts';
import type { Messages } from '../i18n/en.ts';

type Format = Extract<NewMaster, { source: 'file' }>['format'];

/** What has been filled in of a new master. */
export interface MasterDraft {
  source: NewMaster['source'];
  name: string;
  path: string;
  format: Format | '';
  url: string;
}

const BY_ENDING: Readonly<Record<string, Format>> = {
  raw: 'raw',
  img: 'raw',
  qed: 'qed',
  qcow2: 'qcow2',
  vmdk: 'vmdk',
};

/** What the name of a file suggests; the user sees it and can say otherwise. */
export function formatOfName(path: string): Format | '' {
  return BY_ENDING[/\.([^./\\]+)$/.exec(path)?.[1]?.toLowerCase() ?? ''] ?? '';
}

export type DraftErrors = Partial<Record<'name' | 'path' | 'format' | 'url', string>>;

export function masterDraftErrors(draft: MasterDraft, words: Messages['addMaster']): DraftErrors {
  const name = draft.name.trim();
  const errors: DraftErrors = {};
  if (name === '' || name.length > 80) errors.name = words.nameError;
  if (draft.source === 'file') {
    if (draft.path === '') errors.path = words.fileError;
    if (draft.format === '') errors.format = words.formatError;
  } else if (!isAddress(draft.source, draft.url.trim())) {
    errors.url = draft.source === 'nbd' ? words.nbdError : words.urlError;
  }
  return errors;
}

function isAddress(source: keyof typeof ADDRESSES, text: string): boolean {
  return ADDRESSES[source].test(text) && URL.canParse(text);
}

/** The request, once everything is filled in. */
export function newMaster(draft: MasterDraft): NewMaster | undefined {
  const name = draft.name.trim();
  if (name === '' || name.length > 80) return undefined;
  const { source } = draft;
  if (source !== 'file') {
    const url = draft.url.trim();
    return isAddress(source, url) ? { source, name, url } : undefined;
  }
  return draft.path === '' || draft.format === ''
    ? undefined
    : { source: 'file', name, path: draft.path, format: draft.format };
}
