/**
 * Failures that people meet often, by a key and what goes into the words for it: windows say these in the language of
 * their user. What a failure has no key for is told by its code.
 */
export const FAILURE_FACTS = {
  bug: [],
  closing: [],
  'no-answer': [],
  'not-understood': [],
  'not-chosen': ['path'],
  'catalog-in-use': [],
  'catalog-newer': [],
  'catalog-damaged': ['file'],
  'cannot-interrupt': [],

  'machine-gone': [],
  'machine-name-taken': ['name'],
  'machine-off': [],
  'machine-is-on': ['machine'],
  'machine-occupied': ['machine'],
  'machine-suspending': ['machine'],
  'machine-not-now': ['machine'],
  'machine-suspended': ['machine'],
  'port-of-machine': ['port', 'machine'],
  'machine-lost-disk': [],
  'no-saved-state': [],

  'disk-gone': [],
  'disk-complete': [],
  'disk-too-large': [],
  'disk-in-machine': ['file'],
  'disk-lain-on': ['file'],
  'disk-occupied': ['file'],
  'image-locked': ['file'],
  'image-locked-elsewhere': ['file', 'lock'],
  'image-unfinished': ['file'],
  'storage-in-use': [],
  'file-in-the-way': ['file'],
  'file-missing': ['file'],
  'file-empty': ['file'],
  'file-of-machine': ['file', 'machine'],
  'file-of-master': ['file', 'master'],
  'file-of-headwater': ['file'],
  'needs-backing-file': ['file'],
  'needs-qemu-img': [],

  'appliance-gone': [],
  'appliance-importing': [],
  'import-failed': ['detail'],
  'download-first': [],
  'cannot-unpack': ['packing'],
  'other-processor': ['architecture'],

  'memory-too-large': [],
  'qemu-missing': ['architecture', 'package'],
  'qemu-not-here': [],
  'qemu-not-started': ['machine', 'detail'],
  'port-in-use': ['machine', 'port'],
  'qemu-ended': ['machine', 'detail'],
  'qemu-silent': ['machine'],
  'qemu-cannot-save': ['machine'],

  'master-gone': [],
  'master-came-along': ['master'],
  'master-of-headwater': ['master'],
  'another-disk': ['place', 'master'],
  'disk-of-machine': ['file', 'machine'],
  'master-needed': ['master', 'machines'],
  'master-lain-on': ['master'],
  'copy-needed': ['master', 'machines'],

  'source-answers': ['status'],
  'source-busy': ['status'],
  'source-without-ranges': [],
  'source-wants-login': [],
  'source-forbids': [],
  'source-lacks-file': [],
  'source-compresses': [],
  'source-insecure': [],
  'source-silent': [],
  'state-unfit': [],
  'machine-without-screen': ['machine'],
  'copy-just-used': [],
  'changed-while-imported': ['file'],
  'nothing-to-copy': [],
  'disk-stalled-full': ['file'],
  'disk-stalled': ['file'],

  'not-an-address': ['text'],
  'feed-gone': [],
  'feed-known': ['feed'],
  'feed-unsigned': [],
  'feed-other': [],
  'feed-other-key': [],
  'feed-forged': [],
  'feed-old': ['serial', 'known'],
  'feed-expired': ['date'],
  'feed-from-future': ['date'],
} as const satisfies Record<string, readonly string[]>;

export type FailureKey = keyof typeof FAILURE_FACTS;

type TextFor<Facts extends readonly string[]> = { readonly [Index in keyof Facts]: string };

/** As many texts as there are facts. */
export type FactsOf<Key extends FailureKey> = TextFor<(typeof FAILURE_FACTS)[Key]>;

export type FailureWords = { [Key in FailureKey]: readonly [Key, ...FactsOf<Key>] }[FailureKey];

export function isFailureWords(value: unknown): value is FailureWords {
  if (!Array.isArray(value) || !value.every((part) => typeof part === 'string')) return false;
  const [key = '', ...facts] = value;
  return Object.hasOwn(FAILURE_FACTS, key) && FAILURE_FACTS[key as FailureKey].length === facts.length;
}
