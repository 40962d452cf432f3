"""The pages, one module for each subject: who asks is checked, a verb is called."""
