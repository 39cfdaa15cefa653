//! The tables of the database.

use std::{collections::BTreeMap, fmt::Write as _};

use crate::Server;

/// The columns of each table that must be equal after disturbed and undisturbed runs, one JSON object per
/// row.
///
/// Excluded are the times at which rows were stored (`reported_at`, `created_at`, `impacted_since`,
/// `produced_at`, `consumed_at`), values that depend on the order of messages (`kafka_offset`,
/// `topic_offset`), the topic's name, which two installations on one broker can't share, and the times of the
/// analysis in the stored report.
const COMPARED: [(&str, &str); 5] = [
    (
        "report",
        "select org_id, cluster, report::jsonb - 'analysis_metadata' as report, last_checked_at, gathered_at from report",
    ),
    ("rule_hit", "select org_id, cluster_id, rule_fqdn, error_key, template_data from rule_hit"),
    ("recommendation", "select org_id, cluster_id, rule_fqdn, error_key, rule_id from recommendation"),
    ("report_info", "select org_id, cluster_id, version_info from report_info"),
    ("consumer_error", "select partition, key, message, error from consumer_error"),
];

/// The database of an environment.
#[derive(Debug)]
pub struct Tables {
    postgres: &'static Server,
    database: &'static str,
}

/// The rows of each compared table, sorted.
pub type Dump = BTreeMap<&'static str, Vec<String>>;

impl Tables {
    pub(crate) fn new(postgres: &'static Server, database: &'static str) -> Self {
        Self { postgres, database }
    }

    pub(crate) fn create_database(&self) {
        Tables::new(self.postgres, "postgres").query(&format!("create database \"{}\"", self.database));
    }

    /// Returns the rows that must be equal after a disturbed run.
    pub fn dump(&self) -> Dump {
        COMPARED.iter().map(|(table, query)| (*table, self.rows(query))).collect()
    }

    /// Returns the number of rows of a table.
    pub fn count(&self, table: &str) -> usize {
        self.query(&format!("select count(*) from {table}"))[0].parse().expect("a number")
    }

    fn rows(&self, query: &str) -> Vec<String> {
        let mut rows = self.query(&format!("select row_to_json(compared)::text from ({query}) as compared"));
        rows.sort();
        rows
    }

    fn query(&self, sql: &str) -> Vec<String> {
        let arguments = [
            "psql",
            "--no-psqlrc",
            "--tuples-only",
            "--no-align",
            "-v",
            "ON_ERROR_STOP=1",
            "-d",
            self.database,
            "-c",
            sql,
        ];
        let output = self.postgres.command(&arguments).output().expect("bash runs");
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout)
            .expect("UTF-8")
            .lines()
            .filter(|line| !line.is_empty())
            .map(str::to_owned)
            .collect()
    }
}

/// Returns the differences, a line each; empty if there are none.
pub fn differences(expected: &Dump, actual: &Dump) -> String {
    let mut report = String::new();
    for (table, expected) in expected {
        let actual = &actual[table];
        for missing in expected.iter().filter(|row| !actual.contains(row)) {
            let _ = writeln!(report, "{table} lacks {missing}");
        }
        for extra in actual.iter().filter(|row| !expected.contains(row)) {
            let _ = writeln!(report, "{table} has {extra}");
        }
        if expected.len() != actual.len() {
            let _ = writeln!(report, "{table} has {} rows, not {}", actual.len(), expected.len());
        }
    }
    report
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_difference_is_reported() {
        let dump =
            |rows: &[&str]| Dump::from([("report", rows.iter().map(|row| (*row).to_owned()).collect())]);
        assert_eq!(differences(&dump(&["a", "b"]), &dump(&["a", "b"])), "");
        assert_eq!(differences(&dump(&["a", "b"]), &dump(&["a", "c"])), "report lacks b\nreport has c\n");
        assert_eq!(differences(&dump(&["a"]), &dump(&["a", "a"])), "report has 2 rows, not 1\n");
    }
}
