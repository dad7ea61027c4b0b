import { describe, expect, it } from 'vitest';
import { newMasterSchema } from '../../shared/ipc/catalog.ts';
import { en } from '../i18n/en.ts';
import { formatOfName, masterDraftErrors, newMaster, type MasterDraft } from './master-draft.ts';

const empty: MasterDraft = { source: 'file', name: '', path: '', format: '', url: '' };
const file: MasterDraft = { ...empty, name: ' Debian ', path: '/images/debian.img', format: 'raw' };
const web: MasterDraft = { ...empty, source: 'http', name: 'Debian', url: ' https://example.org/disk.raw ' };

describe('a new master', () => {
  it('is a request once it is complete', () => {
    for (const draft of [file, web]) {
      expect(masterDraftErrors(draft, en.addMaster)).toEqual({});
      expect(newMasterSchema.safeParse(newMaster(draft)).success).toBe(true);
    }
  });

  it('says all that is missing', () => {
    expect(Object.keys(masterDraftErrors(empty, en.addMaster))).toEqual(['name', 'path', 'format']);
    expect(newMaster(empty)).toBeUndefined();
  });

  it('needs an address of the web', () => {
    for (const url of ['', 'file:///etc/passwd', 'https://', 'ftp://example.org/a'])
      expect(masterDraftErrors({ ...web, url }, en.addMaster).url).toBeDefined();
  });

  it('suggests a format by the name', () => {
    expect(formatOfName('/a/Disk.QED')).toBe('qed');
    expect(formatOfName('/a.qed/disk')).toBe('');
  });
});
