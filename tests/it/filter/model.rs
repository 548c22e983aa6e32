//! Random conditions against a plain evaluator.
