//! Lists of old records, in the log and in a file.

use std::fmt::Write as _;

use ccx_compat::cleaner::Settings;
use ccx_storage::{Database, OldReport, Schema};
use chrono::{NaiveDateTime, SecondsFormat, TimeDelta, Utc};
use tracing::info;

use super::{schema, text};

/// Lists the reports that are older than the maximum age.
pub(super) async fn list(settings: &Settings, database: &Database, output: &str) -> Result<(), String> {
    let schema = schema(settings).ok_or_else(|| {
        format!("Invalid database schema to be investigated: '{}'", settings.storage.schema)
    })?;
    let (title, message) = match schema {
        Schema::Public => ("List of old OCP reports", "Old OCP report"),
        Schema::Dvo => ("List of old DVO reports", "Old DVO report"),
    };
    info!("{title} begin");
    let cutoff = database.time_before(&settings.cleaner.max_age).await.map_err(text)?;
    let reports = database.old_reports(schema, cutoff).await.map_err(text)?;
    let mut lines = String::new();
    for report in &reports {
        append(&mut lines, report, message);
    }
    write_file(output, &lines)?;
    info!("reports count" = reports.len(), "{title} end");
    Ok(())
}

fn append(lines: &mut String, report: &OldReport, message: &str) {
    let (reported, checked) = (rfc3339(Some(report.reported_at)), rfc3339(report.last_checked_at));
    let age = age_in_days(report.reported_at);
    info!(cluster = report.cluster, reported, "lastChecked" = checked, age, "{message}");
    let org_id = report.org_id.map(|org_id| format!("{org_id},")).unwrap_or_default();
    // Writing to a String cannot fail.
    let _ = writeln!(lines, "{org_id}{},{reported},{checked},{age}", report.cluster);
}

/// Lists the clusters with the same rule disabled several times.
pub(super) async fn list_multiple_disables(database: &Database, output: &str) -> Result<(), String> {
    let mut lines = String::new();
    for found in database.multiple_disables().await.map_err(text)? {
        let (org_id, cluster, rule) = (found.org_id.unwrap_or(-1), &found.cluster, &found.rule);
        info!(
            table = found.table,
            "org ID" = org_id,
            cluster,
            "rule ID" = rule,
            count = found.count,
            "Multiple rule disable"
        );
        let _ = writeln!(lines, "{org_id},{cluster},{rule},{}", found.count);
    }
    write_file(output, &lines)
}

/// Writes the list; an empty name means that it is not wanted.
fn write_file(file: &str, lines: &str) -> Result<(), String> {
    if file.is_empty() {
        return Ok(());
    }
    std::fs::write(file, lines).map_err(|cause| format!("Write to file: {file}: {cause}"))
}

/// The age in days that have begun.
fn age_in_days(reported_at: NaiveDateTime) -> i64 {
    let age = Utc::now().naive_utc() - reported_at;
    age.num_days() + i64::from(age > TimeDelta::days(age.num_days()))
}

fn rfc3339(time: Option<NaiveDateTime>) -> String {
    time.unwrap_or_default().and_utc().to_rfc3339_opts(SecondsFormat::Secs, true)
}
