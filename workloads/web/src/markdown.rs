//! Texts of rules, in Markdown, as HTML that is safe in the page whatever the text contains.

use pulldown_cmark::{CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd, html};

use crate::html::Html;

/// Words that a command begins with. The page offers to copy such code.
const COMMANDS: [&str; 6] = ["oc ", "kubectl ", "openshift-install ", "ssh ", "podman ", "systemctl "];

/// Renders Markdown. HTML in it is shown as text; links lead to `https` only; images are replaced by their descriptions.
pub(crate) fn render(markdown: &str) -> Html {
    let options = Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH;
    let mut links = Vec::new();
    let events = Parser::new_ext(markdown.trim(), options).filter_map(|event| safe(event, &mut links));
    let mut text = String::with_capacity(markdown.len() * 2);
    html::push_html(&mut text, events);
    Html(text)
}

/// Renders one line of Markdown: only `code` is kept, everything else becomes its text.
pub(crate) fn render_line(markdown: &str) -> Html {
    let events = Parser::new(markdown.trim()).filter_map(|event| match event {
        Event::Text(_) | Event::Code(_) => Some(event),
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        Event::SoftBreak | Event::HardBreak => Some(Event::Text(" ".into())),
        _ => None,
    });
    let mut text = String::with_capacity(markdown.len());
    html::push_html(&mut text, events);
    Html(text)
}

/// Replaces an event that could be harmful. `links` has, for each open link, whether it is kept.
fn safe<'a>(event: Event<'a>, links: &mut Vec<bool>) -> Option<Event<'a>> {
    match event {
        Event::Html(text) | Event::InlineHtml(text) => Some(Event::Text(text)),
        // Their content is text, which follows.
        Event::Start(Tag::HtmlBlock | Tag::Image { .. }) | Event::End(TagEnd::HtmlBlock | TagEnd::Image) => {
            None
        }
        Event::Start(Tag::Link { link_type, dest_url, .. }) => {
            let is_kept = link_type != LinkType::Email && is_https(&dest_url);
            links.push(is_kept);
            is_kept.then(|| Event::Html(link(&dest_url)))
        }
        Event::End(TagEnd::Link) => {
            links.pop().unwrap_or_default().then_some(Event::Html(CowStr::Borrowed("</a>")))
        }
        // The page's own headings are above these.
        Event::Start(Tag::Heading { .. }) => Some(Event::Start(heading())),
        Event::End(TagEnd::Heading(_)) => Some(Event::End(TagEnd::Heading(HeadingLevel::H5))),
        Event::Start(Tag::CodeBlock(_)) => {
            Some(Event::Html(CowStr::Borrowed(r#"<pre class="ccx-code" tabindex="0"><code>"#)))
        }
        Event::End(TagEnd::CodeBlock) => Some(Event::Html(CowStr::Borrowed("</code></pre>"))),
        Event::Code(code) if COMMANDS.iter().any(|command| code.starts_with(command)) => {
            Some(Event::Html(format!(r#"<code class="ccx-command">{}</code>"#, escape(&code)).into()))
        }
        other => Some(other),
    }
}

fn heading() -> Tag<'static> {
    Tag::Heading { level: HeadingLevel::H5, id: None, classes: Vec::new(), attrs: Vec::new() }
}

fn is_https(url: &str) -> bool {
    url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
}

fn link(url: &str) -> CowStr<'static> {
    format!(r#"<a href="{}" rel="noopener noreferrer">"#, escape(url)).into()
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn html_is_shown_as_text() {
        for text in [
            "a <script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "<div\nonclick=x>b</div>\n\n<!-- c -->",
        ] {
            let html = render(text).0;
            assert!(!html.contains("<script") && !html.contains("<img") && !html.contains("<div"), "{html}");
            assert!(html.contains("&lt;"), "{html}");
        }
    }

    #[test]
    fn only_https_links_are_kept() {
        assert_eq!(
            render("[a](https://example.com/?a=1&b=\"2\")").0,
            "<p><a href=\"https://example.com/?a=1&amp;b=&quot;2&quot;\" rel=\"noopener noreferrer\">a</a></p>\n"
        );
        let schemes = [
            "javascript:alert(1)",
            "http://example.com",
            "data:text/html,x",
            "//example.com",
            "/openshift",
            "JAVASCRIPT:x",
        ];
        for url in schemes {
            assert_eq!(render(&format!("[*a*]({url}) b")).0, "<p><em>a</em> b</p>\n", "{url}");
        }
        assert_eq!(
            render("<mailto:a@example.com> <javascript:x>").0,
            "<p>mailto:a@example.com javascript:x</p>\n"
        );
    }

    #[test]
    fn image_becomes_its_description() {
        assert_eq!(render("![a *b*](https://example.com/x.png \"title\")").0, "<p>a <em>b</em></p>\n");
    }

    #[test]
    fn heading_is_below_those_of_the_page() {
        assert_eq!(render("# A {#id .class onclick=x}").0, "<h5>A {#id .class onclick=x}</h5>\n");
    }

    #[test]
    fn command_can_be_copied() {
        assert_eq!(
            render("`oc get <pods>`").0,
            "<p><code class=\"ccx-command\">oc get &lt;pods&gt;</code></p>\n"
        );
        assert_eq!(render("`x<y`").0, "<p><code>x&lt;y</code></p>\n");
        let block = render("~~~sh \" onclick=x\noc get <pods>\n~~~").0;
        assert_eq!(block, "<pre class=\"ccx-code\" tabindex=\"0\"><code>oc get &lt;pods&gt;\n</code></pre>");
    }

    #[test]
    fn line_keeps_code_only() {
        assert_eq!(
            render_line("# The `a<b` **is** <b>c</b>\n[d](https://e)").0,
            "The <code>a&lt;b</code> is &lt;b&gt;c&lt;/b&gt; d".replace(" d", "d")
        );
    }
}
