import { describe, expect, it } from 'vitest';
import { newMasterSchema } from '../../shared/ipc/catalog.ts';
import { en } from '../i18n/en.ts';
import { formatOfName, masterDraftErrors, newMaster, type MasterDraft } from './master-draft.ts';

const empty: MasterDraft = { source: 'file', name: '', path: '', format: '', url: '' };
const file: MasterDraft = { ...empty, name: ' Debian ', path: '/images/debian.img', format: 'raw' };
const nbd: MasterDraft = { ...empty, source: 'nbd', name: 'Debian', url: 'nbd://example.org:10810/disk' };
const web: MasterDraft = { ...empty, source: 'http', name: 'Debian', url: ' https://example.org/disk.raw ' };

describe('a new master', () => {
  it('is a request once it is complete', () => {
    for (const draft of [file, web, nbd, { ...nbd, url: 'nbd+unix:///?socket=/run/a.sock' }]) {
      expect(masterDraftErrors(draft, en.addMaster)).toEqual({});
      expect(newMasterSchema.safeParse(newMaster(draft)).success).toBe(true);
    }
  });

  it('says all that is missing', () => {
    expect(Object.keys(masterDraftErrors(empty, en.addMaster))).toEqual(['name', 'path', 'format']);
    expect(newMaster(empty)).toBeUndefined();
  });

  it('needs an address of the web', () => {
    for (const url of ['', 'file:///etc/passwd', 'https://', 'ftp://example.org/a', nbd.url])
      expect(masterDraftErrors({ ...web, url }, en.addMaster).url).toBeDefined();
  });

  it('needs an address of NBD where it says so', () => {
    for (const url of ['', 'nbd://', 'nbd+unix://host/', 'nbd:host:10809', 'https://example.org/a'])
      expect(masterDraftErrors({ ...nbd, url }, en.addMaster).url).toBe(en.addMaster.nbdError);
  });

  it('suggests a format by the name', () => {
    expect(formatOfName('/a/Disk.QED')).toBe('qed');
    expect(formatOfName('/a.qed/disk')).toBe('');
  });
});
