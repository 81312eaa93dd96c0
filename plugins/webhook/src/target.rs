//! Where a request goes: the configured URL or the one that a `send` gives, with what a `send` puts behind its path and its query.

use doorman_plugin_http::{Url, percent};
use hyper::Uri;

use crate::options::{BadOptions, Options};

/// The URI of a request with these options.
pub fn uri(url: &Url, options: &Options) -> Result<Uri, BadOptions> {
    let mut target = path(url.uri().path(), options.path.as_deref());
    let query = query(url.uri().query(), &options.query)?;
    if !query.is_empty() {
        target.push('?');
        target.push_str(&query);
    }
    url.with_path(&target).map_err(|_| BadOptions::at("path", "it and the query are too long for a URL"))
}

/// Both paths, with one slash between them.
fn path(configured: &str, behind: Option<&str>) -> String {
    match behind {
        None | Some("") => configured.to_owned(),
        Some(behind) => {
            format!("{}/{}", configured.trim_end_matches('/'), percent::path(behind.trim_start_matches('/')))
        }
    }
}

fn query(configured: Option<&str>, parameters: &[(String, String)]) -> Result<String, BadOptions> {
    let mut all: Vec<String> =
        configured.into_iter().filter(|query| !query.is_empty()).map(str::to_owned).collect();
    for (name, value) in parameters {
        if is_in(configured.unwrap_or_default(), name) {
            // It is a name, which is no secret.
            let message = "the URL has it already: leave it out here, or there";
            return Err(BadOptions::at(format!("query.{name}"), message));
        }
        all.push(format!("{}={}", percent::segment(name), percent::segment(value)));
    }
    Ok(all.join("&"))
}

fn is_in(query: &str, name: &str) -> bool {
    let names = query.split('&').filter_map(|parameter| parameter.split('=').next());
    names.into_iter().any(|known| percent::decoded(known) == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(url: &str, path: Option<&str>, query: &[(&str, &str)]) -> Result<String, String> {
        let query = query.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        let options = Options { path: path.map(str::to_owned), query, ..Options::default() };
        let uri = uri(&Url::read(url).unwrap(), &options).map_err(|error| error.to_string())?;
        Ok(uri.to_string())
    }

    #[test]
    fn a_path_goes_behind_the_configured_one_with_one_slash_between_them() {
        for (url, path, expected) in [
            ("http://h", None, "http://h/"),
            ("http://h/a/", Some(""), "http://h/a/"),
            ("http://h", Some("b"), "http://h/b"),
            ("http://h/a", Some("b/c"), "http://h/a/b/c"),
            ("http://h/a/", Some("/b/"), "http://h/a/b/"),
            ("http://h/a", Some("/"), "http://h/a/"),
            ("http://h/", Some("//evil.example/x"), "http://h/evil.example/x"),
            ("http://h/a", Some("@evil.example"), "http://h/a/@evil.example"),
            ("http://h/a", Some("/b?c=1#d"), "http://h/a/b%3Fc=1%23d"),
        ] {
            assert_eq!(target(url, path, &[]).as_deref(), Ok(expected));
        }
    }

    #[test]
    fn parameters_go_behind_the_configured_query() {
        let parameters = [("a b", "1&c=2"), ("é", "")];
        let expected = "http://h/x?token=t&a%20b=1%26c%3D2&%C3%A9=";
        assert_eq!(target("http://h/x?token=t", None, &parameters).as_deref(), Ok(expected));
        assert_eq!(target("http://h/x?", Some("y"), &[("a", "1")]).as_deref(), Ok("http://h/x/y?a=1"));
        assert_eq!(target("http://h/x?token=t", Some("y"), &[]).as_deref(), Ok("http://h/x/y?token=t"));
    }

    #[test]
    fn a_configured_parameter_is_not_given_twice() {
        for configured in ["token=canary", "a=1&token", "%74oken=canary"] {
            let said = target(&format!("http://h/x?{configured}"), None, &[("token", "mine")]).unwrap_err();
            assert!(said.contains("`query.token`") && said.contains("has it already"), "{said}");
            assert!(!said.contains("canary") && !said.contains("mine"), "{said}");
        }
    }

    #[test]
    fn a_target_that_is_too_long_is_refused() {
        let said = target("http://h", Some(&"x".repeat(70_000)), &[]).unwrap_err();
        assert!(said.contains("too long"), "{said}");
    }
}
