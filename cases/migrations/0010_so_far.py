"""An archive that is being judged keeps in its row what was written of it by now."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0009_held_series")]

    operations = [
        migrations.AddField(
            model_name="upload",
            name="so_far",
            field=models.JSONField(default=dict),
        ),
    ]
