"""First drafts for data/, as `registry new` writes them: right in shape, firm in nothing, every gap marked TODO."""
