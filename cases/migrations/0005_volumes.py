"""Instances may be volumes."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("cases", "0004_uploads_and_clearance")]

    operations = [
        migrations.AlterField(
            model_name="instance",
            name="kind",
            field=models.CharField(
                choices=[("dicom", "DICOM"), ("picture", "Picture"), ("volume", "Volume")], max_length=8
            ),
        ),
    ]
