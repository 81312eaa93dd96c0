//! The plugins that are compiled in: one cargo feature each, and this is the only file that knows them.

use doorman_plugin::PluginType;

/// All of them, in the order in which they are listed to a user.
pub const PLUGINS: &[PluginType] = &[
    #[cfg(feature = "plugin-exec")]
    doorman_plugin_exec::PLUGIN,
    #[cfg(feature = "plugin-file")]
    doorman_plugin_file::PLUGIN,
    #[cfg(feature = "plugin-knock")]
    doorman_plugin_knock::PLUGIN,
    #[cfg(feature = "plugin-stdout")]
    doorman_plugin_stdout::PLUGIN,
    #[cfg(feature = "plugin-webhook")]
    doorman_plugin_webhook::PLUGIN,
];

/// The one that `plugin = "<name>"` means.
pub fn find(name: &str) -> Option<&'static PluginType> {
    PLUGINS.iter().find(|plugin| plugin.name == name)
}

/// Their names.
pub fn names() -> Vec<&'static str> {
    PLUGINS.iter().map(|plugin| plugin.name).collect()
}
