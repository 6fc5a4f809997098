"""What the Clientele DAGs share. Start at steps.py for what a step is told, at pods.py for how it runs."""
