//! The attribute `#[testkit::both]`: one test, run on SQLite and on PostgreSQL.
//!
//! Written over plain tokens, without `syn`: all it needs from the function is its name, whether it is `async`, and
//! what it returns.

use proc_macro::{Delimiter, Group, Ident, Punct, Spacing, Span, TokenStream, TokenTree};

/// Turns a function of one argument into two tests, `NAME::sqlite` and `NAME::postgres`.
///
/// The argument may be of any type that implements `From<testkit::Database>`; `testkit::Database` itself does. The
/// function may be `async` (it then runs on a multi-threaded tokio runtime) and may return a `Result`.
///
/// ```text
/// #[testkit::both]
/// fn a_trashed_item_leaves_the_timeline(database: testkit::Database) { /* .. database.url() .. */ }
/// ```
#[proc_macro_attribute]
pub fn both(attribute: TokenStream, item: TokenStream) -> TokenStream {
    match expand(attribute, item.clone()) {
        Ok(tests) => {
            let mut all = item;
            all.extend(tests);
            all
        }
        Err(Problem { at, text }) => {
            let message = TokenTree::Literal(proc_macro::Literal::string(text));
            let mut error: TokenStream = [
                TokenTree::Ident(Ident::new("compile_error", at)),
                TokenTree::Punct(Punct::new('!', Spacing::Alone)),
                TokenTree::Group(Group::new(Delimiter::Brace, message.into())),
            ]
            .into_iter()
            .collect();
            error.extend(item);
            error
        }
    }
}

struct Problem {
    at: Span,
    text: &'static str,
}

fn expand(attribute: TokenStream, item: TokenStream) -> Result<TokenStream, Problem> {
    if let Some(token) = attribute.into_iter().next() {
        return Err(Problem {
            at: token.span(),
            text: "#[testkit::both] takes no arguments",
        });
    }
    let mut tokens = item.into_iter().peekable();
    let mut is_async = false;
    let name = loop {
        match tokens.next() {
            Some(TokenTree::Ident(word)) if word.to_string() == "async" => is_async = true,
            Some(TokenTree::Ident(word)) if word.to_string() == "fn" => match tokens.next() {
                Some(TokenTree::Ident(name)) => break name,
                _ => {
                    return Err(Problem {
                        at: word.span(),
                        text: "a function name is expected here",
                    });
                }
            },
            Some(_) => {}
            None => {
                return Err(Problem {
                    at: Span::call_site(),
                    text: "#[testkit::both] belongs on a function",
                });
            }
        }
    };
    match tokens.next() {
        Some(TokenTree::Group(arguments)) if arguments.delimiter() == Delimiter::Parenthesis => {
            if arguments.stream().is_empty() {
                return Err(Problem {
                    at: name.span(),
                    text: "the test takes one argument, made from a testkit::Database",
                });
            }
        }
        _ => {
            return Err(Problem {
                at: name.span(),
                text: "a test cannot be generic",
            });
        }
    }
    let output: String = tokens
        .take_while(|token| !matches!(token, TokenTree::Group(body) if body.delimiter() == Delimiter::Brace))
        .collect::<TokenStream>()
        .to_string();
    tests(&name.to_string(), &output, is_async)
        .parse()
        .map_err(|_| Problem {
            at: name.span(),
            text: "this function's signature is not understood",
        })
}

/// The module beside the function: a module and a function may share a name.
fn tests(name: &str, output: &str, is_async: bool) -> String {
    let test = |engine: &str| {
        let argument = format!("::core::convert::From::from(::testkit::Database::{engine}())");
        let call = if is_async {
            format!("::testkit::block_on(async {{ super::{name}({argument}).await }})")
        } else {
            format!("super::{name}({argument})")
        };
        format!("#[test] fn {engine}() {output} {{ {call} }}")
    };
    format!(
        "#[cfg(test)] mod {name} {{ #[allow(unused_imports)] use super::*; {} {} }}",
        test("sqlite"),
        test("postgres")
    )
}
