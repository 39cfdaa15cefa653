//! The list of clusters.

use askama::Template;
use axum::{extract::State, http::StatusCode, response::Response};
use chrono::{DateTime, Utc};

use super::{Tile, respond, risk_filter, tiles};
use crate::{
    error_page::ErrorPage,
    frame::{Frame, Section, Theme},
    html,
    icon::Icon,
    list::{Choice, Column, Filter, Order, Paging, Toolbar},
    model::{ClusterOrder, ClusterPage, ClusterRow, ClusterSelection, ClusterTotals, Risk},
    page::Page,
    query::Query,
    texts::{Texts, with_separators},
    visit::Visit,
};

/// The parameter of the filter by severity, as in the Advisor.
const HITS: &str = "hits";

/// The parameter of the filter by version.
const VERSION: &str = "version";

/// The parameter of the filter by the age of the newest report.
const STALE: &str = "stale";

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
    let (query, path) = (&visit.query, Section::Clusters.href());
    let order = Order::parse(query, &COLUMNS, "-critical");
    let mut selection = selection(query, &order);
    let read = async |selection: &ClusterSelection| {
        let clusters = page.source.clusters(&visit.caller, selection).await;
        clusters.map_err(|error| visit.error((&error).into()))
    };
    let mut clusters = read(&selection).await?;
    let paging = Paging::new(&path, query, clusters.count);
    let is_beyond_the_end = clusters.rows.is_empty() && clusters.count > 0;
    if is_beyond_the_end {
        selection.offset = paging.from - 1;
        clusters = read(&selection).await?;
    }
    let frame = visit.frame(Section::Clusters);
    Ok(respond(StatusCode::OK, &view(&frame, &visit, &order, paging, &clusters)))
}

fn selection(query: &Query, order: &Order<'_>) -> ClusterSelection {
    ClusterSelection {
        text: query.value("text").map(str::to_owned),
        risks: query.values(HITS).into_iter().filter_map(Risk::parse).collect(),
        versions: query.values(VERSION).into_iter().map(str::to_owned).collect(),
        stale: stale(query),
        order: match order.column {
            "version" => ClusterOrder::Version,
            "total" => ClusterOrder::Total,
            "critical" => ClusterOrder::Severity,
            "important" => ClusterOrder::Risk(Risk::Important),
            "moderate" => ClusterOrder::Risk(Risk::Moderate),
            "low" => ClusterOrder::Risk(Risk::Low),
            "last_checked_at" => ClusterOrder::LastCheckedAt,
            _ => ClusterOrder::Name,
        },
        is_descending: order.is_descending,
        offset: Paging::offset(query),
        limit: Paging::limit(query),
    }
}

/// Returns whether only stale clusters, or only others, are asked for.
fn stale(query: &Query) -> Option<bool> {
    match query.values(STALE)[..] {
        ["true"] => Some(true),
        ["false"] => Some(false),
        _ => None,
    }
}

fn view<'a>(
    frame: &'a Frame,
    visit: &Visit,
    order: &Order<'_>,
    paging: Paging,
    clusters: &'a ClusterPage,
) -> View<'a> {
    let (query, texts, path) = (&visit.query, visit.texts, Section::Clusters.href());
    let totals = &clusters.totals;
    let filters = vec![
        risk_filter(HITS, texts.severity, query, texts),
        version_filter(&totals.versions, query, texts),
        stale_filter(query, texts),
    ];
    View {
        frame,
        now: visit.now,
        summary: summary(totals, texts),
        is_empty: totals.clusters == 0,
        tiles: tiles(&totals.hits, &path, HITS),
        toolbar: Toolbar::new(&path, query, texts, texts.filter_by_name, filters),
        columns: columns(order, query, &path, texts),
        rows: &clusters.rows,
        paging,
    }
}

fn summary(totals: &ClusterTotals, texts: &Texts) -> String {
    let all = texts.cluster_count.format(totals.clusters as u64);
    let hits = texts.recommendation_count.format(u64::from(totals.hits.total()));
    format!("{all} · {hits} · {} {}", with_separators(totals.affected as u64), texts.clusters_affected)
}

/// The filter has minor versions, and accepts any version.
fn version_filter(minors: &[String], query: &Query, texts: &Texts) -> Filter {
    let chosen = query.values(VERSION);
    let mut versions: Vec<&str> = minors.iter().map(String::as_str).collect();
    versions.extend(&chosen);
    versions.sort_by_key(|version| std::cmp::Reverse(version_key(version)));
    versions.dedup();
    let choices = versions.into_iter().map(|version| Choice {
        value: version.to_owned(),
        label: version.to_owned(),
        is_chosen: chosen.contains(&version),
    });
    Filter { name: VERSION, label: texts.version, choices: choices.collect(), is_single: false }
}

fn stale_filter(query: &Query, texts: &Texts) -> Filter {
    let chosen = query.values(STALE);
    let choice = |value: &str, label: &str| Choice {
        value: value.to_owned(),
        label: label.to_owned(),
        is_chosen: chosen.contains(&value),
    };
    let choices = vec![choice("false", texts.recent), choice("true", texts.stale)];
    Filter { name: STALE, label: texts.last_report, choices, is_single: false }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_ordered_by_their_numbers() {
        assert!(version_key("4.9.30") < version_key("4.10.2"));
        let query = Query::parse(Some("version=4.14.2"));
        let filter = version_filter(&["4.18".into(), "4.9".into()], &query, &crate::texts::EN);
        let shown: Vec<_> =
            filter.choices.iter().map(|choice| (choice.value.as_str(), choice.is_chosen)).collect();
        assert_eq!(shown, [("4.18", false), ("4.14.2", true), ("4.9", false)]);
    }

    #[test]
    fn selection_has_what_the_link_says() {
        let query =
            Query::parse(Some("hits=4,3&text=a&version=4.14&stale=true&sort=-important&limit=50&offset=70"));
        let selection = selection(&query, &Order::parse(&query, &COLUMNS, "-critical"));
        let expected = ClusterSelection {
            text: Some("a".into()),
            risks: vec![Risk::Critical, Risk::Important],
            versions: vec!["4.14".into()],
            stale: Some(true),
            order: ClusterOrder::Risk(Risk::Important),
            is_descending: true,
            offset: 50,
            limit: 50,
        };
        assert_eq!(selection, expected);
    }
}
