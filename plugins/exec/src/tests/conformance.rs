//! What holds for every plugin, with children in shell.

use doorman_plugin_testing::conformance::{
    Behaviour, Destination, Failure, Kind, Subject, canary_file, conforms,
};

use super::*;

/// Notes the child's number.
const BEGIN: &str = "echo $$ >> \"$DIR/pids\"\nready\n";

struct Shell;

/// The keys of a destination whose child is this script, and what is known of it.
fn destination(script: &str, more: Value) -> Destination {
    let folder = Arc::new(tempfile::tempdir().unwrap());
    let (seen, pids) = (folder.path().join("seen"), folder.path().join("pids"));
    let mut keys = json!({
        "command": ["/bin/sh", "-c", format!("{SHELL}DIR={}\n{BEGIN}{script}", folder.path().display())],
        "backoff": "10ms",
        "max_backoff": "10ms",
    });
    keys.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Destination::new(keys)
        .seen(move || lines(&seen))
        .left_behind(move || lines(&pids).into_iter().filter(|pid| is_there(pid)).collect())
        .holding(folder)
}

impl Subject for Shell {
    fn plugin(&self) -> PluginType {
        PLUGIN
    }

    async fn destination(&self, behaviour: Behaviour) -> Option<Destination> {
        // Long lines are read by `grep`: a shell takes them byte by byte.
        let each = |act: &str| {
            format!(
                "LC_ALL=C grep -a --line-buffered -o '^{{\"id\":\"[^\"]*' | while IFS= read -r line; do \
                 id=${{line##*'\"'}}; echo \"$id\" >> \"$DIR/seen\"; {act}; done"
            )
        };
        let secret = canary_file();
        let env = json!({"KEY": format!("file:{}", secret.path().display())});
        let made = match behaviour {
            Behaviour::Well => destination(&each("say delivered"), json!({})),
            Behaviour::Slow => {
                let slowly = "sleep 0.005; printf '{\"id\":'; sleep 0.005; \
                              printf '\"%s\",\"outcome\":\"delivered\"}\\n' \"$id\"";
                destination(&each(slowly), json!({}))
            }
            Behaviour::HangsOnce => {
                let hang = "test -e \"$DIR/hung\" || { touch \"$DIR/hung\"; sleep 1000; }; say delivered";
                destination(&each(hang), json!({"hang_timeout": "50ms"}))
            }
            Behaviour::RepeatsSecrets => destination(REPEATS, json!({"env": env})).holding(secret),
        };
        Some(made)
    }

    async fn failures(&self) -> Vec<Failure> {
        let failures = [
            ("it ends", "take; exit 1", Kind::Retry),
            ("it is killed", "take; kill -9 $$", Kind::Retry),
            ("it is stopped half way through its answer", "take; printf '{\"id\":\"'; exit 0", Kind::Retry),
            ("it answers garbage", "take; echo garbage; take", Kind::Retry),
            ("it answers for another", "take; id=${id%?}9; say delivered; take", Kind::Retry),
            ("it answers without an end", "take; cat /dev/zero", Kind::Retry),
            ("it closes its output", "take; exec >&-; sleep 1000", Kind::Retry),
            ("it says retry", "take; say retry; take", Kind::Retry),
            ("it says rejected", "take; say rejected; take", Kind::Rejected),
            ("it says forbidden", "take; say forbidden; take", Kind::Forbidden),
            ("it says broken", "take; say broken; take", Kind::Broken),
        ];
        let mut failures: Vec<_> = failures
            .into_iter()
            .map(|(what, script, kind)| Failure::new(what, destination(script, json!({})), kind))
            .collect();
        let gone = json!({"command": ["/bin/sh", "-c", "echo '{\"ready\":false}'"]});
        failures.push(Failure::new("it cannot be ready", destination("", gone), Kind::Broken));
        let never = json!({"command": ["/bin/sleep", "1000"], "start_timeout": "50ms"});
        failures.push(Failure::new("it is never ready", destination("", never), Kind::Retry));
        failures
    }

    fn rejected(&self) -> Option<Delivery> {
        Some(doorman_plugin_testing::delivery(ActionKind::SendWith, "7"))
    }

    fn secret_keys(&self) -> &[&str] {
        &["env.KEY"]
    }
}

/// Repeats its secret in every way that there is, one after the other.
const REPEATS: &str = r#"
while take; do
    echo x >> "$DIR/count"
    echo "on standard error: $KEY" >&2
    case $(($(wc -l < "$DIR/count") % 6)) in
        0) printf '{"id":"%s","outcome":"delivered","receipt":"%s"}\n' "$id" "$KEY" ;;
        1) printf '{"id":"%s","outcome":"rejected","reason":"not with %s"}\n' "$id" "$KEY" ;;
        2) printf '{"id":"%s","outcome":"%s"}\n' "$id" "$KEY" ;;
        3) echo "not JSON, and long: 01234567890123456789012345678901234567890123456789012345678901234567890123456789 $KEY" ;;
        4) printf '{"id":"%s","outcome":"delivered"}\n' "$KEY" ;;
        5) exit 1 ;;
    esac
done
"#;

#[tokio::test]
async fn it_conforms() {
    conforms(Shell).await;
}
