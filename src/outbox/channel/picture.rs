//! Pictures of a mail: the HTML names them `cid:…`, the mail carries them (RFC 2392).
//!
//! Promise: no HTML leaves that names a picture which does not go with it; its words (alt) stand in its place.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::{Attachment, Outgoing};
use crate::outbox::template::markup::{attribute, tag_end, tag_name};

const ATTACHED: &str = "cid:";

/// The HTML with its pictures inside, to be shown outside of a mail.
#[must_use]
pub fn inlined(html: &str, attachments: &[Attachment]) -> String {
    let inside = |name: &str| {
        let part = attachments.iter().find(|part| part.content_id.as_deref() == Some(name))?;
        Some(format!("data:{};base64,{}", part.media_type, STANDARD.encode(&part.body)))
    };
    placed(html, inside).into_owned()
}

/// The message as a channel sends it: where `carries` is false no picture goes with it, so that none is named.
pub(super) fn settled(outgoing: &Outgoing, carries: bool) -> Cow<'_, Outgoing> {
    let goes = |name: &str| {
        let goes = carries && outgoing.attachments.iter().any(|part| part.content_id.as_deref() == Some(name));
        goes.then(|| format!("{ATTACHED}{name}"))
    };
    match outgoing.html.as_deref().map(|html| placed(html, goes)) {
        Some(Cow::Owned(html)) => Cow::Owned(Outgoing { html: Some(html), ..outgoing.clone() }),
        _ => Cow::Borrowed(outgoing),
    }
}

/// The HTML with the address that `place` gives for the name of each attached picture; its words where it gives none.
fn placed(html: &str, place: impl Fn(&str) -> Option<String>) -> Cow<'_, str> {
    if !html.contains(ATTACHED) {
        return Cow::Borrowed(html);
    }
    let lower = html.to_ascii_lowercase();
    let (mut out, mut done, mut at) = (String::new(), 0, 0);
    while let Some(open) = lower[at..].find("<img").map(|found| at + found) {
        at = open + 1;
        let Some(end) = tag_end(&html[open..]).map(|end| open + end) else { continue };
        let tag = &html[open + 1..end];
        let Some(source) = attribute(tag, "src").filter(|_| tag_name(tag) == "img") else { continue };
        let Some(name) = source.trim().strip_prefix(ATTACHED) else { continue };
        let address = place(name);
        if address.as_deref() == Some(source) {
            continue;
        }
        out.push_str(&html[done..open]);
        done = end + 1;
        if let Some(address) = address {
            let from = source.as_ptr() as usize - html.as_ptr() as usize;
            out.extend([&html[open..from], &address, &html[from + source.len()..done]]);
        } else {
            out.push_str(attribute(tag, "alt").unwrap_or_default());
        }
    }
    if done == 0 {
        return Cow::Borrowed(html);
    }
    out.push_str(&html[done..]);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    const HTML: &str = "<p>1 < 2</p><!-- x --><img alt=\"A: 1 &amp; 2\" src=\"cid:a@tend\" width=\"9\" /><img src='cid:b@tend' alt='B > 3'><img src=\"https://x.example/c.png\" alt=\"C\">";

    fn picture(name: &str) -> Attachment {
        Attachment {
            name: "a.png".into(),
            media_type: "image/png".into(),
            content_id: Some(name.into()),
            body: b"abc".to_vec(),
            optional: true,
        }
    }

    #[test]
    fn pictures_are_put_inside_and_words_stand_for_what_is_not_there() {
        assert_eq!(
            inlined(HTML, &[picture("a@tend")]),
            "<p>1 < 2</p><!-- x --><img alt=\"A: 1 &amp; 2\" src=\"data:image/png;base64,YWJj\" width=\"9\" />B > 3<img src=\"https://x.example/c.png\" alt=\"C\">"
        );
        assert_eq!(inlined("<p>no <b>picture</b>", &[]), "<p>no <b>picture</b>");
        assert_eq!(inlined("<img src=\"cid:a@tend\"", &[]), "<img src=\"cid:a@tend\"", "no tag, no picture");
    }

    #[test]
    fn what_leaves_names_only_pictures_that_go_with_it() {
        let mail = Outgoing {
            html: Some(HTML.into()),
            attachments: vec![picture("a@tend")],
            ..Outgoing::sample(super::super::Sort::Email)
        };
        let named = |carries| settled(&mail, carries).html.as_deref().unwrap_or_default().matches("cid:").count();
        assert_eq!((named(true), named(false)), (1, 0));
        let all = Outgoing { attachments: vec![picture("a@tend"), picture("b@tend")], ..mail.clone() };
        assert!(matches!(settled(&all, true), Cow::Borrowed(_)), "nothing is copied where nothing changes");
    }
}
