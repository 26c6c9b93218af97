"""How the window of a frame maps: rows from before have windows that map linearly."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0010_so_far")]

    operations = [
        migrations.AddField(
            model_name="frame",
            name="voi_function",
            field=models.CharField(default="LINEAR", max_length=12),
        ),
        migrations.AddConstraint(
            model_name="frame",
            constraint=models.CheckConstraint(
                condition=models.Q(("voi_function__in", ("LINEAR", "LINEAR_EXACT", "SIGMOID"))),
                name="known_voi_function",
            ),
        ),
    ]
