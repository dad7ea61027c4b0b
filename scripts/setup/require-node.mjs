// Imported first by every entry point, for its effect: says what is wrong before newer syntax or functions fail on an
// old Node with a message nobody understands.
const WANTED = [20, 19];

const [major, minor] = process.versions.node.split('.').map(Number);
if (major < WANTED[0] || (major === WANTED[0] && minor < WANTED[1])) {
  console.error(`Headwater needs Node ${WANTED.join('.')} or newer; this is ${process.versions.node}.`);
  console.error('Install a newer Node from https://nodejs.org or with your version manager, then try again.');
  process.exit(1);
}
