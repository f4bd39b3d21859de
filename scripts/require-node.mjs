// The project's tools need Node 24. The install script of the npm package `node` puts its binary in place. If install
// scripts are switched off, npm runs scripts with the Node of the machine.
const [major] = process.versions.node.split('.').map(Number);
if (major < 24) {
  process.stderr.write(
    `This project's scripts need Node 24, but this is Node ${process.versions.node}.\n` +
      'The install script of the development dependency `node` installs Node 24. Allow this script, then try again:\n' +
      '  npm install --ignore-scripts=false --allow-scripts=node\n' +
      '  npm rebuild node --ignore-scripts=false\n',
  );
  process.exit(1);
}
