//! Every expression ends with a value, an error or a limit, within the time limit.
#![no_main]

use std::time::{Duration, Instant};

use ccx_declarative_rules::load_file;
use libfuzzer_sys::fuzz_target;

/// Maximum time of an expression; far above the limit, because the fuzzer's build is slow.
const MAX_TIME: Duration = Duration::from_secs(20);

fuzz_target!(|expression: &str| {
    let Ok(quoted) = serde_json::to_string(expression) else { return };
    let text = format!(
        "apiVersion: ccx.rules/v1\nid: a.b\nerror_key: KEY\ninputs: {{docs: {{glob: config/x/*.json}}}}\nwhen: 'true'\n\
         details: {{x: {quoted}}}\ntests:\n  - {{name: a, files: {{config/x/a.json: {{a: [1, 2, 3, 4], b: text, c: {{d: [[1], [2]]}}}}}}, expect: hit}}\n"
    );
    let started = Instant::now();
    for rule in load_file("fuzzed.yaml", &text).rules {
        rule.run_tests();
    }
    assert!(started.elapsed() < MAX_TIME, "{expression}");
});
