//! What a source, an environment or a destination may be called.

/// Checks a name. Names become parts of file names, URLs and metrics.
pub(in crate::config) fn check(name: &str) -> Result<(), String> {
    let starts_well = name.starts_with(|first: char| first.is_ascii_lowercase() || first.is_ascii_digit());
    let fits = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_' || byte == b'-';
    if !starts_well || !name.bytes().all(fits) {
        let name = name.escape_debug();
        return Err(format!(
            "the name `{name}` is not allowed: use a-z, 0-9, `-` and `_`, with a letter or digit first"
        ));
    }
    if name.len() > 64 {
        return Err("the name is too long: 64 characters at most".to_owned());
    }
    if ["lib", "tables", "samples"].contains(&name) {
        return Err(format!("the name `{name}` is reserved for a folder of scripts: choose another"));
    }
    Ok(())
}
