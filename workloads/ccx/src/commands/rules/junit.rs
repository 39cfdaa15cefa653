//! Outcomes of tests in the `JUnit` format of CI systems.

use std::fmt::Write as _;

use super::test::Outcome;

/// Returns the outcomes as `JUnit` XML, a suite for each rule.
pub(super) fn report(outcomes: &[Outcome]) -> String {
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let _ = writeln!(
        xml,
        r#"<testsuites name="ccx rules" tests="{}" failures="{}">"#,
        outcomes.len(),
        failures(outcomes)
    );
    for suite in outcomes.chunk_by(|a, b| a.rule == b.rule) {
        let name = escaped(&suite[0].rule);
        let _ = writeln!(
            xml,
            r#"  <testsuite name="{name}" tests="{}" failures="{}">"#,
            suite.len(),
            failures(suite)
        );
        for outcome in suite {
            write_case(&mut xml, outcome);
        }
        xml += "  </testsuite>\n";
    }
    xml += "</testsuites>\n";
    xml
}

fn write_case(xml: &mut String, Outcome { rule, test, place, failure }: &Outcome) {
    let (rule, test, place) = (escaped(rule), escaped(test), escaped(place));
    let _ = match failure {
        None => writeln!(xml, r#"    <testcase classname="{rule}" name="{test}" file="{place}"/>"#),
        Some(failure) => {
            let whole = escaped(failure);
            let headline = escaped(failure.lines().next().unwrap_or_default());
            writeln!(
                xml,
                "    <testcase classname=\"{rule}\" name=\"{test}\" file=\"{place}\">\n      \
                 <failure message=\"{headline}\">{whole}</failure>\n    </testcase>"
            )
        }
    };
}

fn failures(outcomes: &[Outcome]) -> usize {
    outcomes.iter().filter(|outcome| outcome.failure.is_some()).count()
}

/// Escapes text. Characters that XML 1.0 does not allow are dropped.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped += "&amp;",
            '<' => escaped += "&lt;",
            '>' => escaped += "&gt;",
            '"' => escaped += "&quot;",
            '\n' | '\t' => escaped.push(character),
            control if control.is_control() => {}
            plain => escaped.push(plain),
        }
    }
    escaped
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
    fn each_rule_is_a_suite_and_text_stays_text() {
        let xml = report(&[
            outcome("a", "x < y", None),
            outcome("b", "\"q\"", Some("expected hit, but miss\n- 1\n+ 2\u{1}")),
        ]);
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="ccx rules" tests="2" failures="1">
  <testsuite name="a" tests="1" failures="0">
    <testcase classname="a" name="x &lt; y" file="a.yaml:3:5"/>
  </testsuite>
  <testsuite name="b" tests="1" failures="1">
    <testcase classname="b" name="&quot;q&quot;" file="a.yaml:3:5">
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
