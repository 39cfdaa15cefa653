//! Outcomes of tests in the `JUnit` format of CI systems.

use quick_junit::{NonSuccessKind, Report, SerializeError, TestCase, TestCaseStatus, TestSuite};

use super::test::Outcome;

/// Returns the outcomes as `JUnit` XML, a suite for each rule.
pub(super) fn report(outcomes: &[Outcome]) -> Result<String, SerializeError> {
    let mut report = Report::new("ccx rules");
    for outcomes in outcomes.chunk_by(|a, b| a.rule == b.rule) {
        let mut suite = TestSuite::new(&outcomes[0].rule);
        suite.add_test_cases(outcomes.iter().map(test_case));
        report.add_test_suite(suite);
    }
    report.to_string()
}

fn test_case(Outcome { rule, test, place, failure }: &Outcome) -> TestCase {
    let mut status = TestCaseStatus::success();
    if let Some(failure) = failure {
        status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(failure.lines().next().unwrap_or_default()).set_description(failure);
    }
    let mut case = TestCase::new(test, status);
    case.set_classname(rule);
    case.extra.insert("file".into(), place.into());
    case
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome(rule: &str, test: &str, failure: Option<&str>) -> Outcome {
        Outcome {
            rule: rule.into(),
            test: test.into(),
            place: "a.yaml:3:5".into(),
            failure: failure.map(Into::into),
        }
    }

    #[test]
    fn rule_becomes_a_suite_with_escaped_text() {
        let xml = report(&[
            outcome("a", "x < y", None),
            outcome("b", "\"q\"", Some("expected hit, but miss\n- 1\n+ 2\u{1}")),
        ])
        .unwrap();
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="ccx rules" tests="2" skipped="0" failures="1" errors="0">
    <testsuite name="a" tests="1" skipped="0" errors="0" failures="0">
        <testcase name="x &lt; y" classname="a" file="a.yaml:3:5"/>
    </testsuite>
    <testsuite name="b" tests="1" skipped="0" errors="0" failures="1">
        <testcase name="&quot;q&quot;" classname="b" file="a.yaml:3:5">
            <failure message="expected hit, but miss">expected hit, but miss
- 1
+ 2</failure>
        </testcase>
    </testsuite>
</testsuites>
"#;
        assert_eq!(xml, expected);
    }
}
