// Runs the exported graphs in ONNX Runtime and compares with the program's own answers.
//
//     node check_runtime.js PACKAGE FOLDER      PACKAGE: folder of onnxruntime-node; FOLDER: of write_cases
'use strict';
const fs = require('fs');
const path = require('path');
const ort = require(process.argv[2]);
const folder = process.argv[3];
const allowed = 1e-5;
let failures = 0;

function check(holds, what) {
  if (holds) return;
  failures += 1;
  console.log('  FAILED: ' + what);
}

// Cases `begin` to `end` of an input, changed by `change` if there is one.
function tensor(input, begin, end, change) {
  const width = input.values.length / input.shape[0];
  const values = input.values.slice(begin * width, end * width);
  if (change) change(values);
  const data = input.type === 'string' ? values
    : input.type === 'bool' ? Uint8Array.from(values) : Float64Array.from(values);
  return new ort.Tensor(input.type, data, [end - begin, ...input.shape.slice(1)]);
}

async function run(session, inputs, begin, end, changes = {}) {
  const feeds = {};
  for (const [name, input] of Object.entries(inputs)) feeds[name] = tensor(input, begin, end, changes[name]);
  return session.run(feeds);
}

function largestDifference(found, expected, begin, count) {
  const width = expected.length / count;
  let largest = 0;
  for (let i = 0; i < found.length; i += 1) {
    const difference = Math.abs(found[i] - expected[begin * width + i]);
    if (!(difference <= largest)) largest = difference;  // NaN is kept
  }
  return largest;
}

async function checkNetwork(name) {
  const file = path.join(folder, name + '.onnx');
  const session = await ort.InferenceSession.create(file);
  const { inputs, expected } = JSON.parse(fs.readFileSync(path.join(folder, name + '.json'), 'utf8'));
  const count = expected.instability_probability.length;
  check(JSON.stringify([...session.inputNames].sort()) === JSON.stringify(Object.keys(inputs).sort()),
    name + ': inputs are ' + session.inputNames);
  const plain = await ort.InferenceSession.create(file, { graphOptimizationLevel: 'disabled' });
  for (const [begin, end, by] of [[0, count, session], [0, count, plain], [0, 1, session], [count - 7, count, session]]) {
    const answer = await run(by, inputs, begin, end);
    check(!answer.abstain.data.some((flag) => flag), name + ': abstains');
    for (const [output, values] of Object.entries(expected)) {
      const difference = largestDifference(answer[output].data, values, begin, count);
      const how = by === plain ? ', not optimised' : '';
      console.log(`  ${name}, ${end - begin} windows${how}, ${output}: largest difference ${difference.toExponential(1)}`);
      check(difference <= allowed, `${name}: ${output} differs by ${difference}`);
    }
  }
  const changes = { stress: (v) => { v[3] = NaN; }, rqd: (v) => { v[1] = Infinity; }, rock_type: (v) => { v[2] = 'Chalk'; } };
  const spoiled = await run(session, inputs, 0, 4, changes);
  check(Array.from(spoiled.abstain.data).join() === '1,1,1,0', `${name}: abstain is ${spoiled.abstain.data}`);
  check(spoiled.instability_probability.data.slice(0, 3).every(Number.isNaN), name + ': a number from bad data');
  check(spoiled.risk_probabilities.data.slice(0, 90).every(Number.isNaN), name + ': a number from bad data');
  check(spoiled.risk_levels.data.slice(0, 15).every((level) => level === -1n), name + ': a level from bad data');
  check(Math.abs(spoiled.instability_probability.data[3] - expected.instability_probability[3]) <= allowed,
    name + ': a bad case spoils a good one');
}

(async () => {
  for (const name of ['compact', 'full']) await checkNetwork(name);
  console.log(failures === 0 ? 'ONNX Runtime gives the same answers' : failures + ' checks failed');
  process.exit(failures === 0 ? 0 : 1);
})().catch((error) => {
  console.error(error);
  process.exit(1);
});
