// The project's tools need Node 24. It comes as the npm package `node`, whose install script puts the
// binary in place; where install scripts are switched off, the first Node in the path is the machine's own.
const [major] = process.versions.node.split('.').map(Number);
if (major < 24) {
  process.stderr.write(
    `This project's scripts run on Node 24, and this is Node ${process.versions.node}.\n` +
      'The development dependency `node` brings it, by an install script. Allow that one script, then try again:\n' +
      '  npm install --ignore-scripts=false --allow-scripts=node\n' +
      '  npm rebuild node --ignore-scripts=false\n',
  );
  process.exit(1);
}
