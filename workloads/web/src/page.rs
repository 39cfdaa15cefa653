//! The state of the page.

use std::sync::Arc;

use ccx_auth::Authenticator;
use chrono::{DateTime, Utc};

use crate::{
    forms::FormKey,
    source::Source,
    texts::{EN, Texts},
};

/// The settings of the page.
pub struct PageSettings {
    /// A secret of all replicas, at least 32 random bytes.
    pub secret: Vec<u8>,
    /// The clock; a test sets its own.
    pub now: fn() -> DateTime<Utc>,
}

/// The page: where its data comes from, and who may see it.
#[derive(Clone)]
pub struct Page {
    pub(crate) source: Arc<dyn Source>,
    pub(crate) authenticator: Arc<Authenticator>,
    pub(crate) form_key: Arc<FormKey>,
    pub(crate) texts: &'static Texts,
    now: fn() -> DateTime<Utc>,
}

impl Page {
    /// Returns a page over a source.
    pub fn new(source: Arc<dyn Source>, authenticator: Arc<Authenticator>, settings: &PageSettings) -> Self {
        let form_key = Arc::new(FormKey::new(&settings.secret));
        Self { source, authenticator, form_key, texts: &EN, now: settings.now }
    }

    /// Returns the time.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        (self.now)()
    }
}
