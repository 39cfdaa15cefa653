// Renders templates with the original: [{template, details}] on standard input, [{text}, {error} or {timeout}] on standard output.
// `npm install dot` gives it; NODE_PATH says where.
const doT = require("dot");
const settings = Object.assign({}, doT.templateSettings, { varname: "pydata", strip: false });
console.log = () => {};

// A template may loop for ever, or make a text without end.
const { Script } = require("vm");
const call = new Script("rendering.template(rendering.details)");
const timeout = 200;

function render({ template, details }) {
  try {
    globalThis.rendering = { template: doT.template(template, settings), details };
    return { text: call.runInThisContext({ timeout }).toWellFormed() };
  } catch (error) {
    return error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT" ? { timeout } : { error: String(error) };
  }
}

const cases = JSON.parse(require("fs").readFileSync(0, "utf8"));
process.stdout.write(JSON.stringify(cases.map(render)));
