from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("analysis", "0001_initial"),
    ]

    operations = [
        migrations.AlterField(
            model_name="analysisregion",
            name="kind",
            field=models.CharField(blank=True, max_length=16),
        ),
    ]
