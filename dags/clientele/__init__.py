"""What the Clientele DAGs share. Start at steps.py for the arguments of each step, at pods.py for how it runs."""
