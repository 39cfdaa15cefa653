//! The parts of every list: filters, order, and pages.

use crate::{query::Query, texts::Texts};

/// The numbers of rows that a page may have; the first is the default.
const SIZES: [usize; 3] = [20, 50, 100];

/// The names of the parameters that belong to the position in a list: they are reset when a filter changes.
pub(crate) const POSITION: [&str; 1] = ["offset"];

/// The form above a list.
#[derive(Debug)]
pub(crate) struct Toolbar {
    /// The path of the list.
    pub(crate) path: String,
    /// The label of the text field.
    pub(crate) search_label: &'static str,
    /// The text that is searched for.
    pub(crate) search: String,
    /// The other filters.
    pub(crate) filters: Vec<Filter>,
    /// Parameters that the form keeps.
    pub(crate) hidden: Vec<(String, String)>,
    /// The active filters, each with the link that removes it.
    pub(crate) chips: Vec<ChipGroup>,
    /// The link to the list without filters.
    pub(crate) clear_href: String,
}

/// A filter with several options.
#[derive(Debug)]
pub(crate) struct Filter {
    /// The parameter.
    pub(crate) name: &'static str,
    /// The display name.
    pub(crate) label: &'static str,
    /// The options.
    pub(crate) choices: Vec<Choice>,
    /// Whether at most one option can be chosen.
    pub(crate) is_single: bool,
}

/// An option of a filter.
#[derive(Debug)]
pub(crate) struct Choice {
    /// The value of the parameter.
    pub(crate) value: String,
    /// The display name.
    pub(crate) label: String,
    /// Whether it is chosen.
    pub(crate) is_chosen: bool,
}

impl Filter {
    /// Returns the number of chosen options.
    pub(crate) fn chosen(&self) -> usize {
        self.choices.iter().filter(|choice| choice.is_chosen).count()
    }
}

/// The values that a parameter filters by.
#[derive(Debug)]
pub(crate) struct ChipGroup {
    /// The display name of the parameter.
    pub(crate) label: &'static str,
    /// Each value.
    pub(crate) chips: Vec<Chip>,
}

/// A value that is filtered by.
#[derive(Debug)]
pub(crate) struct Chip {
    /// The display name of the value.
    pub(crate) label: String,
    /// The link to the list without it.
    pub(crate) remove_href: String,
}

impl Toolbar {
    /// Returns the form of a list at `path`; `text` is the parameter of the search.
    pub(crate) fn new(
        path: &str,
        query: &Query,
        texts: &'static Texts,
        search_label: &'static str,
        filters: Vec<Filter>,
    ) -> Self {
        let search = query.value("text").unwrap_or_default().to_owned();
        let mut names: Vec<&str> = filters.iter().map(|filter| filter.name).collect();
        names.extend(["text", "offset"]);
        let mut chips = Vec::new();
        if !search.is_empty() {
            let remove_href = query.without(&["text", "offset"]).href(path);
            chips.push(ChipGroup {
                label: texts.search_term,
                chips: vec![Chip { label: search.clone(), remove_href }],
            });
        }
        chips.extend(filters.iter().filter_map(|filter| chip_group(path, query, filter)));
        let clear_href = query.without(&names).href(path);
        let hidden = query.pairs_without(&names);
        Self { path: path.to_owned(), search_label, search, filters, hidden, chips, clear_href }
    }
}

fn chip_group(path: &str, query: &Query, filter: &Filter) -> Option<ChipGroup> {
    let is_given = !query.values(filter.name).is_empty();
    let chosen = filter.choices.iter().filter(|choice| is_given && choice.is_chosen);
    let chips: Vec<Chip> = chosen
        .map(|choice| Chip {
            label: choice.label.clone(),
            remove_href: query.without(&POSITION).without_value(filter.name, &choice.value).href(path),
        })
        .collect();
    (!chips.is_empty()).then_some(ChipGroup { label: filter.label, chips })
}

/// A part of a list.
#[derive(Debug)]
pub(crate) struct Paging {
    /// The number of rows before filtering by page.
    pub(crate) total: usize,
    /// The number of the first row shown, from 1; 0 without rows.
    pub(crate) from: usize,
    /// The number of the last row shown.
    pub(crate) to: usize,
    /// The page, from 1.
    pub(crate) page: usize,
    /// The number of pages.
    pub(crate) pages: usize,
    /// Links to other pages; `None` if the page is the current one.
    pub(crate) first: Option<String>,
    /// To the page before.
    pub(crate) previous: Option<String>,
    /// To the page after.
    pub(crate) next: Option<String>,
    /// To the last page.
    pub(crate) last: Option<String>,
    /// The numbers of rows to choose from, each with its link and whether it is the current one.
    pub(crate) sizes: Vec<(usize, String, bool)>,
}

impl Paging {
    /// Returns the number of rows that a page has, by `limit`.
    pub(crate) fn limit(query: &Query) -> usize {
        query.number("limit").filter(|limit| SIZES.contains(limit)).unwrap_or(SIZES[0])
    }

    /// Returns the number of rows before the page that `offset` names, if the list is that long.
    pub(crate) fn offset(query: &Query) -> usize {
        let limit = Self::limit(query);
        query.number("offset").unwrap_or_default() / limit * limit
    }

    /// Selects the page that `limit` and `offset` name; an offset beyond the end is the last page.
    pub(crate) fn new(path: &str, query: &Query, total: usize) -> Self {
        let limit = Self::limit(query);
        let pages = total.div_ceil(limit).max(1);
        let page = (query.number("offset").unwrap_or_default() / limit + 1).min(pages);
        let link = |page: usize| {
            let query = query.without(&POSITION);
            match page {
                1 => query.href(path),
                _ => query.with("offset", &((page - 1) * limit).to_string()).href(path),
            }
        };
        let sizes = SIZES.map(|size| {
            let query = query.without(&["offset", "limit"]);
            let query = if size == SIZES[0] { query } else { query.with("limit", &size.to_string()) };
            (size, query.href(path), size == limit)
        });
        let start = (page - 1) * limit;
        Self {
            total,
            from: if total == 0 { 0 } else { start + 1 },
            to: (start + limit).min(total),
            page,
            pages,
            first: (page > 1).then(|| link(1)),
            previous: (page > 1).then(|| link(page - 1)),
            next: (page < pages).then(|| link(page + 1)),
            last: (page < pages).then(|| link(pages)),
            sizes: sizes.into(),
        }
    }

    /// Returns the rows of the page.
    pub(crate) fn select<'a, T>(&self, rows: &'a [T]) -> &'a [T] {
        &rows[self.from.saturating_sub(1)..self.to]
    }

    /// Returns whether there is a second page, or one with another number of rows.
    pub(crate) fn is_needed(&self) -> bool {
        self.total > SIZES[0]
    }
}

/// An order of a list, `sort=-name` for descending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Order<'a> {
    /// The column.
    pub(crate) column: &'a str,
    /// Whether the last comes first.
    pub(crate) is_descending: bool,
}

impl<'a> Order<'a> {
    /// Parses the parameter `sort`; an unknown column is replaced by the default.
    pub(crate) fn parse(query: &'a Query, columns: &[&str], default: &'a str) -> Self {
        let chosen = query.value("sort").map(Self::new).filter(|order| columns.contains(&order.column));
        chosen.unwrap_or_else(|| Self::new(default))
    }

    fn new(text: &'a str) -> Self {
        match text.strip_prefix('-') {
            Some(column) => Self { column, is_descending: true },
            None => Self { column: text, is_descending: false },
        }
    }

    /// Orders rows by the column that `compare` compares ascending. Rows that are equal keep their order.
    pub(crate) fn sort<T>(&self, rows: &mut [T], compare: impl Fn(&T, &T) -> std::cmp::Ordering) {
        if self.is_descending {
            rows.sort_by(|left, right| compare(right, left));
        } else {
            rows.sort_by(compare);
        }
    }
}

/// The head of a column.
#[derive(Debug)]
pub(crate) struct Column {
    /// The display name.
    pub(crate) label: &'static str,
    /// The link that orders by it; `None` if it can't.
    pub(crate) href: Option<String>,
    /// `ascending`, `descending` or `none`.
    pub(crate) state: &'static str,
    /// The class that sets its width.
    pub(crate) class: &'static str,
}

impl Column {
    /// Returns a column that can't be ordered by.
    pub(crate) fn fixed(label: &'static str) -> Self {
        Self { label, href: None, state: "none", class: "" }
    }

    /// Returns a column that the list can be ordered by. `first` is the order of the first click: `name` or `-name`.
    pub(crate) fn sortable(
        label: &'static str,
        first: &'static str,
        order: &Order<'_>,
        query: &Query,
        path: &str,
    ) -> Self {
        let name = first.trim_start_matches('-');
        let is_current = order.column == name;
        let (state, next) = match (is_current, order.is_descending) {
            (true, true) => ("descending", name.to_owned()),
            (true, false) => ("ascending", format!("-{name}")),
            (false, _) => ("none", first.to_owned()),
        };
        let href = query.without(&POSITION).with("sort", &next).href(path);
        Self { label, href: Some(href), state, class: "" }
    }

    /// Sets the class.
    pub(crate) fn with_class(mut self, class: &'static str) -> Self {
        self.class = class;
        self
    }
}

/// Returns whether one of the texts contains the search, regardless of case.
pub(crate) fn matches(search: &str, texts: &[&str]) -> bool {
    let search = search.to_lowercase();
    texts.iter().any(|text| text.to_lowercase().contains(&search))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paging_selects_rows_and_links_to_other_pages() {
        let rows: Vec<usize> = (0..45).collect();
        let query = Query::parse(Some("text=a&offset=20"));
        let paging = Paging::new("/x", &query, rows.len());
        assert_eq!((paging.from, paging.to, paging.page, paging.pages), (21, 40, 2, 3));
        assert_eq!(paging.select(&rows), (20..40).collect::<Vec<_>>());
        assert_eq!(paging.previous.as_deref(), Some("/x?text=a"));
        assert_eq!(paging.next.as_deref(), Some("/x?text=a&offset=40"));
    }

    #[test]
    fn paging_beyond_the_end_is_the_last_page() {
        let paging = Paging::new("/x", &Query::parse(Some("offset=18446744073709551615&limit=50")), 60);
        assert_eq!((paging.from, paging.to, paging.next), (51, 60, None));
        let empty = Paging::new("/x", &Query::parse(Some("offset=5&limit=7")), 0);
        assert_eq!((empty.from, empty.to, empty.select(&[0; 0]).len()), (0, 0, 0));
    }

    #[test]
    fn column_changes_its_order_with_each_click() {
        let query = Query::parse(Some("sort=-name&offset=20"));
        let order = Order::parse(&query, &["name", "age"], "name");
        assert_eq!(order, Order { column: "name", is_descending: true });
        let name = Column::sortable("Name", "name", &order, &query, "/x");
        assert_eq!((name.state, name.href.as_deref()), ("descending", Some("/x?sort=name")));
        let age = Column::sortable("Age", "-age", &order, &query, "/x");
        assert_eq!((age.state, age.href.as_deref()), ("none", Some("/x?sort=-age")));
        let unknown = Query::parse(Some("sort=secret"));
        assert_eq!(Order::parse(&unknown, &["name"], "name").column, "name");
    }
}
