//! A subscriber that collects spans and events.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt};
use tracing_subscriber::registry::{LookupSpan, Registry};

type Fields = BTreeMap<&'static str, String>;

/// A span. It may be closed later: a thread of a blocking request ends after its caller has the response.
#[derive(Debug, Clone)]
pub(crate) struct Span {
    pub(crate) name: &'static str,
    pub(crate) level: Level,
    /// Names of the spans that contain it, from the innermost.
    pub(crate) within: Vec<&'static str>,
    pub(crate) fields: Fields,
}

/// An event of this workspace or its tests.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    pub(crate) text: String,
    pub(crate) within: Vec<&'static str>,
    pub(crate) fields: Fields,
}

#[derive(Default)]
struct Collected {
    spans: Vec<(Id, Span)>,
    messages: Vec<Message>,
}

#[derive(Clone, Default)]
pub(crate) struct Spans(Arc<Mutex<Collected>>);

impl Spans {
    /// Returns what `work` recorded. The subscriber is only that of this thread, so that it must be passed to others.
    pub(crate) fn of<T>(work: impl FnOnce() -> T) -> (T, Vec<Span>, Vec<Message>) {
        let spans = Self::default();
        let subscriber = Registry::default().with(spans.clone());
        let output = tracing::subscriber::with_default(subscriber, || {
            tracing::info_span!("caller").in_scope(work)
        });
        let collected = std::mem::take(&mut *spans.0.lock().unwrap());
        let spans = collected.spans.into_iter().map(|(_, span)| span).collect();
        (output, spans, collected.messages)
    }
}

struct Visitor<'a>(&'a mut Fields);

impl Visit for Visitor<'_> {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Spans {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Fields::new();
        attributes.record(&mut Visitor(&mut fields));
        let span = context.span(id).unwrap();
        let within = span.scope().skip(1).map(|span| span.name()).collect();
        let level = *span.metadata().level();
        let span = Span { name: span.name(), level, within, fields };
        self.0.lock().unwrap().spans.push((id.clone(), span));
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, _: Context<'_, S>) {
        let mut collected = self.0.lock().unwrap();
        let (_, span) = collected.spans.iter_mut().rfind(|(other, _)| other == id).unwrap();
        values.record(&mut Visitor(&mut span.fields));
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let target = event.metadata().target();
        if ["tc3", "essbasic", "traced"].iter().any(|name| target.starts_with(name)) {
            let mut fields = Fields::new();
            event.record(&mut Visitor(&mut fields));
            let scope = context.event_scope(event);
            let within = scope.into_iter().flatten().map(|span| span.name()).collect();
            let text = fields.remove("message").unwrap_or_default();
            self.0.lock().unwrap().messages.push(Message { text, within, fields });
        }
    }
}
