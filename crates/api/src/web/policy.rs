//! The Content-Security-Policy of the web app's pages.

use aws_lc_rs::digest::{SHA256, digest};
use base64::{Engine, engine::general_purpose::STANDARD};

/// The policy for a page: everything from this server only; of what stands in the page itself, exactly the scripts and
/// styles that are there now, by their SHA-256 (CSP Level 3, 2.3.1). No `unsafe-inline`, no `unsafe-eval`, nothing foreign.
pub fn of_page(page: &str) -> String {
    let scripts = sources(page, "script");
    let styles = sources(page, "style");
    format!(
        "default-src 'self'; script-src 'self'{scripts}; style-src 'self'{styles}; img-src 'self' blob: data:; \
         media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; object-src 'none'; \
         base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
}

fn sources(page: &str, tag: &str) -> String {
    inline(page, tag)
        .map(|text| format!(" 'sha256-{}'", STANDARD.encode(digest(&SHA256, text.as_bytes()))))
        .collect()
}

/// The texts between `<tag ...>` and `</tag>` where the tag has no `src`.
fn inline<'a>(page: &'a str, tag: &'a str) -> impl Iterator<Item = &'a str> {
    let (open, close) = (format!("<{tag}"), format!("</{tag}>"));
    let mut rest = page;
    std::iter::from_fn(move || {
        loop {
            let from = rest.find(&open)?;
            let after = rest.get(from + open.len()..)?;
            let head = after.find('>')?;
            let body = after.get(head + 1..)?;
            let end = body.find(&close)?;
            rest = body.get(end + close.len()..)?;
            let attributes = after.get(..head)?;
            // `<style` must not match `<styled-x`, nor a script with a source its (empty) text.
            let whole = attributes.is_empty() || attributes.starts_with(char::is_whitespace);
            if whole && !attributes.contains("src=") {
                return body.get(..end);
            }
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn inline_parts_are_found_and_hashed() {
        let page = "<script src=\"/a.js\"></script><script type=\"module\">\n x \n</script><style>b{}</style><styled-x></styled-x>";
        assert_eq!(inline(page, "script").collect::<Vec<_>>(), ["\n x \n"]);
        assert_eq!(inline(page, "style").collect::<Vec<_>>(), ["b{}"]);
        // The example of MDN for `alert('Hello, world.');`.
        assert!(
            of_page("<script>alert('Hello, world.');</script>")
                .contains("'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='")
        );
    }
    proptest! {
        #[test]
        fn any_page_is_read_without_a_panic(page in "(<script|<style|</script>|>|src=|é|[ -~]){0,30}") {
            of_page(&page);
        }
    }
}
