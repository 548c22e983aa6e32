//! Pictures of a mail: the HTML names them `cid:…`, the mail carries them (RFC 2392).
//!
//! Promise: no HTML leaves that names a picture which does not go with it; its words (alt) stand in its place.

use std::borrow::Cow;

use super::Outgoing;
use crate::outbox::template::markup::{attribute, tag_end, tag_name};

const ATTACHED: &str = "cid:";

/// The message as a channel sends it: where `carries` is false no picture goes with it, so that none is named.
pub(super) fn settled(outgoing: &Outgoing, carries: bool) -> Cow<'_, Outgoing> {
    let goes = |name: &str| carries && outgoing.attachments.iter().any(|part| part.content_id.as_deref() == Some(name));
    match outgoing.html.as_deref().map(|html| with_words(html, goes)) {
        Some(Cow::Owned(html)) => Cow::Owned(Outgoing { html: Some(html), ..outgoing.clone() }),
        _ => Cow::Borrowed(outgoing),
    }
}

/// The HTML with the words of each attached picture that does not go with it.
fn with_words(html: &str, goes: impl Fn(&str) -> bool) -> Cow<'_, str> {
    if !html.contains(ATTACHED) {
        return Cow::Borrowed(html);
    }
    let lower = html.to_ascii_lowercase();
    let (mut out, mut done, mut at) = (String::new(), 0, 0);
    while let Some(open) = lower[at..].find("<img").map(|found| at + found) {
        at = open + 1;
        let Some(end) = tag_end(&html[open..]).map(|end| open + end) else { continue };
        let tag = &html[open + 1..end];
        let source = attribute(tag, "src").filter(|_| tag_name(tag) == "img");
        if source.and_then(|source| source.trim().strip_prefix(ATTACHED)).is_some_and(|name| !goes(name)) {
            out.push_str(&html[done..open]);
            out.push_str(attribute(tag, "alt").unwrap_or_default());
            done = end + 1;
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
    use super::super::{Attachment, Sort};
    use super::*;

    const HTML: &str = "<p>1 < 2</p><!-- x --><img alt=\"A: 1 &amp; 2\" src=\"cid:a@tend\" width=\"9\" /><IMG src='cid:b@tend' alt='B > 3'><img src=\"https://x.example/c.png\" alt=\"C\">";

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
    fn what_leaves_names_only_pictures_that_go_with_it_and_the_words_of_the_others() {
        let mail = |html: &str, pictures: &[&str]| Outgoing {
            html: Some(html.into()),
            attachments: pictures.iter().map(|name| picture(name)).collect(),
            ..Outgoing::sample(Sort::Email)
        };
        let left = |mail: &Outgoing, carries| settled(mail, carries).into_owned().html.unwrap_or_default();
        let one = mail(HTML, &["a@tend"]);
        assert_eq!(
            left(&one, true),
            "<p>1 < 2</p><!-- x --><img alt=\"A: 1 &amp; 2\" src=\"cid:a@tend\" width=\"9\" />B > 3<img src=\"https://x.example/c.png\" alt=\"C\">"
        );
        assert_eq!(
            left(&one, false),
            "<p>1 < 2</p><!-- x -->A: 1 &amp; 2B > 3<img src=\"https://x.example/c.png\" alt=\"C\">"
        );
        for same in
            [mail(HTML, &["a@tend", "b@tend"]), mail("<p>cid:a@tend", &[]), mail("<img src=\"cid:a@tend\"", &[])]
        {
            assert!(matches!(settled(&same, true), Cow::Borrowed(_)), "nothing is copied where nothing changes");
        }
    }
}
