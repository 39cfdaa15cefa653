//! The list of clusters.

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use chrono::{DateTime, Utc};

use super::{Tile, chosen_risks, respond, risk_filter, tiles};
use crate::{
    error_page::ErrorPage,
    frame::{Frame, Section, Theme},
    html,
    icon::Icon,
    list::{Choice, Column, Filter, Order, Paging, Toolbar, matches},
    model::{ClusterRow, Risk, RiskCounts},
    page::Page,
    query::Query,
    texts::Texts,
    visit::Visit,
};

/// The parameter of the filter by severity, as in the Advisor.
const HITS: &str = "hits";

/// The parameter of the filter by version.
const VERSION: &str = "version";

#[derive(Template)]
#[template(path = "clusters.html")]
struct View<'a> {
    frame: &'a Frame,
    now: DateTime<Utc>,
    summary: String,
    is_empty: bool,
    tiles: Vec<Tile>,
    toolbar: Toolbar,
    columns: Vec<Column>,
    rows: &'a [ClusterRow],
    paging: Paging,
}

/// Shows the clusters.
pub(crate) async fn list(State(page): State<Page>, visit: Visit) -> Result<Response, ErrorPage> {
    let clusters = page.source.clusters(&visit.caller).await.map_err(|error| visit.error((&error).into()))?;
    Ok(respond(StatusCode::OK, &view(&visit.frame(Section::Clusters), &visit, clusters, &mut Vec::new())))
}

fn view<'a>(
    frame: &'a Frame,
    visit: &Visit,
    clusters: Vec<ClusterRow>,
    shown: &'a mut Vec<ClusterRow>,
) -> View<'a> {
    let (query, texts, path) = (&visit.query, visit.texts, Section::Clusters.href());
    let mut sum = RiskCounts::default();
    for cluster in &clusters {
        sum += cluster.hits;
    }
    let summary = summary(&clusters, texts);
    let filters =
        vec![risk_filter(HITS, texts.severity, query, texts), version_filter(&clusters, query, texts)];
    let toolbar = Toolbar::new(&path, query, texts, texts.filter_by_name, filters);
    let is_empty = clusters.is_empty();
    *shown = filtered(clusters, query);
    let order = Order::parse(query, &COLUMNS, "-critical");
    sort(shown, &order);
    let paging = Paging::new(&path, query, shown.len());
    let columns = columns(&order, query, &path, texts);
    let tiles = tiles(&sum, &path, HITS);
    let rows = paging.select(shown);
    View { frame, now: visit.now, summary, is_empty, tiles, toolbar, columns, rows, paging }
}

fn summary(clusters: &[ClusterRow], texts: &Texts) -> String {
    let affected = clusters.iter().filter(|cluster| cluster.hits.total() > 0).count();
    let (all, hits) =
        (clusters.len() as u64, clusters.iter().map(|cluster| u64::from(cluster.hits.total())).sum::<u64>());
    let (all, hits) = (texts.cluster_count.format(all), texts.recommendation_count.format(hits));
    format!("{all} · {hits} · {affected} {}", texts.clusters_affected)
}

fn filtered(mut clusters: Vec<ClusterRow>, query: &Query) -> Vec<ClusterRow> {
    if let Some(search) = query.value("text") {
        clusters.retain(|cluster| matches(search, &[&cluster.name, &cluster.id.to_string()]));
    }
    if !query.values(HITS).is_empty() {
        let risks = chosen_risks(query, HITS);
        clusters.retain(|cluster| risks.iter().any(|risk| cluster.hits[*risk] > 0));
    }
    let versions = query.values(VERSION);
    if !versions.is_empty() {
        clusters.retain(|cluster| versions.iter().any(|version| is_version(version, &cluster.version)));
    }
    clusters
}

/// The filter has minor versions, and accepts any version.
fn version_filter(clusters: &[ClusterRow], query: &Query, texts: &Texts) -> Filter {
    let chosen = query.values(VERSION);
    let mut minors: Vec<&str> = clusters.iter().map(|cluster| minor(&cluster.version)).collect();
    minors.extend(&chosen);
    minors.sort_by_key(|version| std::cmp::Reverse(version_key(version)));
    minors.dedup();
    let choices = minors.into_iter().filter(|minor| !minor.is_empty()).map(|minor| Choice {
        value: minor.to_owned(),
        label: minor.to_owned(),
        is_chosen: chosen.contains(&minor),
    });
    Filter { name: VERSION, label: texts.version, choices: choices.collect(), is_single: false }
}

fn minor(version: &str) -> &str {
    version.match_indices('.').nth(1).map_or(version, |(end, _)| &version[..end])
}

fn is_version(chosen: &str, version: &str) -> bool {
    version.strip_prefix(chosen).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '-']))
}

/// Orders versions by their numbers, so that 4.9 is before 4.10.
fn version_key(version: &str) -> Vec<u32> {
    version
        .split(|character: char| !character.is_ascii_digit())
        .filter_map(|part| part.parse().ok())
        .collect()
}

const COLUMNS: [&str; 8] =
    ["name", "version", "total", "critical", "important", "moderate", "low", "last_checked_at"];

fn columns(order: &Order<'_>, query: &Query, path: &str, texts: &Texts) -> Vec<Column> {
    let column = |label, first| Column::sortable(label, first, order, query, path);
    vec![
        column(texts.name, "name"),
        column(texts.version, "-version"),
        column(texts.recommendations, "-total").with_class("ccx-number"),
        column(texts.critical, "-critical").with_class("ccx-number"),
        column(texts.important, "-important").with_class("ccx-number"),
        column(texts.moderate, "-moderate").with_class("ccx-number"),
        column(texts.low, "-low").with_class("ccx-number"),
        column(texts.last_seen, "-last_checked_at"),
    ]
}

fn sort(clusters: &mut [ClusterRow], order: &Order<'_>) {
    clusters.sort_by_cached_key(|cluster| (cluster.name.to_lowercase(), cluster.id));
    match order.column {
        "name" if order.is_descending => clusters.reverse(),
        "version" => order.sort(clusters, |a, b| version_key(&a.version).cmp(&version_key(&b.version))),
        "total" => order.sort(clusters, |a, b| a.hits.total().cmp(&b.hits.total())),
        "critical" => order.sort(clusters, |a, b| a.hits.weight().cmp(&b.hits.weight())),
        "important" => order.sort(clusters, |a, b| a.hits[Risk::Important].cmp(&b.hits[Risk::Important])),
        "moderate" => order.sort(clusters, |a, b| a.hits[Risk::Moderate].cmp(&b.hits[Risk::Moderate])),
        "low" => order.sort(clusters, |a, b| a.hits[Risk::Low].cmp(&b.hits[Risk::Low])),
        "last_checked_at" => order.sort(clusters, |a, b| a.last_checked_at.cmp(&b.last_checked_at)),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn version_filter_matches_whole_numbers() {
        assert!(
            is_version("4.1", "4.1.9") && is_version("4.14.2", "4.14.2") && is_version("4.14", "4.14.0-rc.1")
        );
        assert!(!is_version("4.1", "4.14.2"));
        assert_eq!((minor("4.14.2"), minor("4.14"), minor("")), ("4.14", "4.14", ""));
        assert!(version_key("4.9.30") < version_key("4.10.2"));
    }
}
