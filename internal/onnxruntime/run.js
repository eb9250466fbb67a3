// Runs ONNX files by onnxruntime. Reads a list of {file, inputs}, with inputs of
// {dims, data}, as JSON, and prints for each file the first outputs, as {dims,
// data}.
const path = require('path');
const ort = require(path.join(process.env.ONNXRUNTIME_MODULES, 'onnxruntime-node'));

async function main() {
  const answers = [];
  for (const { file, inputs } of JSON.parse(require('fs').readFileSync(0, 'utf8'))) {
    const session = await ort.InferenceSession.create(file, { intraOpNumThreads: 1, logSeverityLevel: 3 });
    const outputs = [];
    for (const { dims, data } of inputs) {
      const feeds = { [session.inputNames[0]]: new ort.Tensor('float32', Float32Array.from(data), dims) };
      const output = (await session.run(feeds))[session.outputNames[0]];
      outputs.push({ dims: output.dims, data: Array.from(output.data) });
    }
    answers.push(outputs);
  }
  process.stdout.write(JSON.stringify(answers));
}

main().catch((err) => { console.error(String(err)); process.exit(1); });
